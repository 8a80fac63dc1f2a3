internal import Gateway
internal import HTTPWire

/// The platform's own paths on the gateway.
struct Platform: PlatformResponding {
    let credentials: AdminCredentials
    let meter: DaemonMeter

    func allows(_ authorization: [UInt8]) -> Bool { credentials.allows(authorization) }

    func answer(_ request: PlatformRequest) async -> LocalResponse {
        guard request.path == "/metrics" else {
            return Self.refusal(404, "Not Found", "there is no such path")
        }
        guard ["GET", "HEAD"].contains(request.method) else {
            return Self.refusal(405, "Method Not Allowed", "GET is what there is")
        }
        return LocalResponse(
            status: 200, reason: "OK", contentType: "text/plain; version=0.0.4; charset=utf-8",
            body: MetricsText.text(await meter.read()))
    }

    private static func refusal(_ status: Int, _ reason: StaticString, _ text: String) -> LocalResponse {
        LocalResponse(
            status: status, reason: reason, contentType: "text/plain; charset=utf-8", body: "\(text)\n")
    }
}
