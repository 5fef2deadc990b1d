-- What a receiver does not have yet, or never got; the oldest first.
select * from undelivered order by created_at, message_id, receiver limit %(limit)s
