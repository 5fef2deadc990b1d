-- How many messages there are and how many have arrived, per topic and receiver.
select * from delivery_proof order by topic, receiver <> 'kafka', receiver
