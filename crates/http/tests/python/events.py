"""A stranger to this project: reads a log as server-sent events with sseclient, is torn off every few events, and goes on.

Arguments: the URL of the log, the token, how many lines `seq` wrote. Raises where a line is lost or comes twice; prints
how many connections it took.
"""

import json
import sys

import requests
import sseclient

url, token, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
headers = {"Authorization": "Bearer " + token, "Accept": "text/event-stream"}
texts, ended, connections = [], False, 0
while not ended:
    connections += 1
    with requests.get(url, headers=headers, stream=True, timeout=60) as response:
        response.raise_for_status()
        for left, event in zip(range(997), sseclient.SSEClient(response).events()):
            data = json.loads(event.data)
            headers["Last-Event-ID"] = event.id
            ended = event.event == "run-finished"
            if event.event == "chunk":
                texts.append(data["line"])
assert texts == [str(n) for n in range(1, lines + 1)], (len(texts), texts[:3], texts[-3:])

# Nothing follows the end, and a reader is told not to ask again.
with requests.get(url, headers=headers, timeout=60) as response:
    assert response.status_code == 204, response.status_code
print(connections)
