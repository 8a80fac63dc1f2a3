internal import ControlAPI
internal import LinuxSystem

/// The wall clock for people.
enum TimeText {
    static func now() -> String { timestamp().description }
    static func timestamp() -> Timestamp { Timestamp(unixNanoseconds: KernelClock.real()) }
}
