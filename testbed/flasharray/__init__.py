"""Two (or more) FlashArrays as far as Cinder's Pure driver and protector see them: REST 2.x over
TLS, objects and rules as on an array, content as ids instead of bytes. See ../README.md.

    python3 -m flasharray --array NAME:PORT:TOKEN ... --certificate C --key K --state FILE
"""
