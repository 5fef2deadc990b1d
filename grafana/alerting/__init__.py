"""Alert rules, contact points, policies and texts as code; `python -m grafana.build` makes YAML.

`rules.py` says what rings, `contacts.py` where it goes, `policies.py` which of it to whom and how
often, `templates.py` how it reads, `files.py` puts them into files that Grafana provisions.
"""
