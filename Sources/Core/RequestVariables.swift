/// The names of the variables that tell a request to a command (mode `exec`): those of RFC 3875, and OpenFaaS's.
package enum RequestVariables {
    /// Whether some request may have a variable of this name. `Proxy` never becomes one: libraries take `HTTP_PROXY` for
    /// what the user configured.
    package static func couldBe(_ name: String) -> Bool {
        guard name != "HTTP_PROXY" else { return false }
        return name.hasPrefix("HTTP_") || name.hasPrefix("Http_") || standard.contains(name)
    }

    private static let standard: Set<String> = [
        "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR",
        "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
        "SERVER_SOFTWARE",
    ]
}
