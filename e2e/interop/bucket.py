"""A service that speaks S3 (moto), with a bucket that keeps no versions and one that does. Says its address, and answers each line of
standard input with a line of JSON: `list BUCKET` the names of its objects, `versions BUCKET` how many versions and marks it keeps,
`away` and `back`."""

import json
import sys

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
client = boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    region_name="us-east-1",
    aws_access_key_id="testing",
    aws_secret_access_key="testing",
)
for bucket in ("plain", "versions"):
    client.create_bucket(Bucket=bucket)
client.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
print(f"http://127.0.0.1:{port}", flush=True)
for line in sys.stdin:
    command, _, bucket = line.strip().partition(" ")
    answer = None
    if command == "list":
        listed = client.list_objects_v2(Bucket=bucket)
        answer = [item["Key"] for item in listed.get("Contents", [])]
    elif command == "versions":
        listed = client.list_object_versions(Bucket=bucket)
        answer = len(listed.get("Versions", [])) + len(listed.get("DeleteMarkers", []))
    elif command == "away":
        server.stop()
    elif command == "back":
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        server.start()
    print(json.dumps(answer), flush=True)
server.stop()
