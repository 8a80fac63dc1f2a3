internal import Core
internal import HTTPWire

// An instance of mode `exec`: the request starts a command in it.

extension ClientExchange {
    func start(_ service: CommandService, _ endpoint: Endpoint) {
        guard let route else { return }
        let connection = UpstreamConnection(endpoint: endpoint)
        let environment = RequestEnvironment.Context(
            script: head.isByHost ? "" : route.script, origin: origin, own: service.processes.ownVariables,
            lineLimit: Limits.requestEnvironmentLines, byteLimit: Limits.requestEnvironmentBytes)
        let call = CommandCall(
            loop: loop, service: service,
            request: CommandCall.Request(
                environment: environment, body: head.body, isHEAD: head.isHEAD, callID: stamp.callID,
                route: route.shared, instance: endpoint.handle.id),
            events: connection)
        connection.attach(call, self)
        upstream = connection
        sendRequest(connection)
    }
}

extension TransportFailure {
    /// What the client is told of it.
    var refusal: Refusal? {
        guard case .answered(let refusal) = self else { return nil }
        return refusal
    }
}
