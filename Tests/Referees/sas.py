"""Signs for a container as the official SDK does, and prints the query.

sas.py ACCOUNT CONTAINER KEY PERMISSIONS EXPIRY
"""

import sys

from azure.storage.blob import generate_container_sas

account, container, key, permissions, expiry = sys.argv[1:]
print(generate_container_sas(account, container, key, permission=permissions, expiry=expiry))
