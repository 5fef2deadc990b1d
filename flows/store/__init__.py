"""Between the fold and the database: rows of the domain as SQL, and back."""
