"""From the API server to what a node runs: logs, commands, ports; and to pods and services by HTTP.

:class:`.connector.NodeConnector` is the server's :class:`wherry.kube.apiserver.subresources.streams.Connector`.

Invariants: one request of a client that was authorized is one request to one node, on a connection of its own
(CVE-2018-1002105); an answer that leads elsewhere is not followed (CVE-2020-8559); no credentials of the client leave
this process, in whatever header; a node is who its certificate says, not who is at an address (CVE-2022-3294); whoever
opens a stream to a process needs the verb ``create``, whatever the method is (WebSockets are opened by GET).
"""
