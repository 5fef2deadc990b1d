"""What touches the outside: transports that know nothing about stock."""
