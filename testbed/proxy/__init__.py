"""A proxy between protector and everything it talks to: records what passes and, by rule, loses
requests or answers, kills the process under test, answers in a service's place. See ../README.md.

    python3 -m proxy --configuration FILE

FILE: {"admin_port": N, "log": PATH, "targets": [{"name", "port", "upstream": URL, "certificate",
"key"}]}; a target with a certificate speaks TLS to its client. Upstream certificates are not
verified.
"""
