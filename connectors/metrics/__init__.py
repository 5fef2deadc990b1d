"""What an operator's monitoring asks a supervisor: samples, Prometheus's text, health, a server.

Enters: a DSN, brokers, the processes of one supervisor. Leaves: /metrics, /health and /ready on one
address. Guarantee: nothing is written anywhere; a server that is away costs an answer two seconds.
The unit of parallelism is the supervisor: one thread for the database, one for the broker.
"""
