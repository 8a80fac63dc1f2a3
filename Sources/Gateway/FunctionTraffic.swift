/// Counters of one function, for metrics.
package struct FunctionTraffic: Sendable, Equatable {
    /// Responses of 2xx (and 101), 3xx, 4xx and 5xx.
    package var success: UInt64
    package var redirect: UInt64
    package var clientError: UInt64
    package var serverError: UInt64
    /// Calls that ended without a whole response: the client left, or the function died.
    package var cut: UInt64
    /// Requests in the activation queue now.
    package var waiting: Int

    package var requests: UInt64 { success + redirect + clientError + serverError + cut }
}
