/// Every metric by its name: docs/metrics.md is held against this by a test. Names, labels and their values are stable.
package enum Metric: String, CaseIterable, Sendable {
    case buildInfo = "torpor_build_info"
    case functions = "torpor_functions"
    case instances = "torpor_instances"
    case startSeconds = "torpor_start_seconds"
    case startPhaseSeconds = "torpor_start_phase_seconds"
    case startFailures = "torpor_start_failures_total"
    case instanceCrashes = "torpor_instance_crashes_total"
    case exhaustions = "torpor_exhaustions_total"
    case freezes = "torpor_freezes_total"
    case idleStops = "torpor_idle_stops_total"
    case requests = "torpor_requests_total"
    case requestsInFlight = "torpor_requests_in_flight"
    case queueDepth = "torpor_queue_depth"
    case queueWaitSeconds = "torpor_queue_wait_seconds"
    case refusals = "torpor_refusals_total"
    case clientConnections = "torpor_client_connections"
    case slots = "torpor_slots"
    case nameQueries = "torpor_name_queries_total"
    case storeBytes = "torpor_store_bytes"
    case storeWriteSeconds = "torpor_store_write_seconds"
    case storeWriteFailures = "torpor_store_write_failures_total"
    case logEntriesLost = "torpor_log_entries_lost_total"
    case processCPU = "process_cpu_seconds_total"
    case processMemory = "process_resident_memory_bytes"
    case processThreads = "process_threads"
    case processOpenFiles = "process_open_fds"
    case processFileLimit = "process_max_fds"
    case processStart = "process_start_time_seconds"

    package enum Kind: String, Sendable { case counter, gauge, histogram }

    package var kind: Kind {
        switch self {
        case .startSeconds, .startPhaseSeconds, .queueWaitSeconds, .storeWriteSeconds: .histogram
        case .processCPU: .counter
        default: rawValue.hasSuffix("_total") ? .counter : .gauge
        }
    }

    package var labels: [String] {
        switch self {
        case .buildInfo: ["version"]
        case .instances, .slots: ["state"]
        case .startSeconds: ["kind"]
        case .startPhaseSeconds: ["phase"]
        case .startFailures, .instanceCrashes, .exhaustions: ["cause"]
        case .requests: ["function", "namespace", "class"]
        case .requestsInFlight, .queueDepth: ["function", "namespace"]
        case .refusals: ["code"]
        case .nameQueries: ["result"]
        default: []
        }
    }

    /// One sentence, in the text and in the documentation.
    package var help: String {
        switch self {
        case .buildInfo: "The daemon's version; always 1."
        case .functions: "Functions that are deployed."
        case .instances: "Instances by state: creating, starting, ready, frozen, draining."
        case .startSeconds:
            "How long wakes took, by kind: cold is from the decision to start until the port accepts, frozen is a thaw."
        case .startPhaseSeconds:
            "How long the phases of cold starts took: slot (a network), sandbox (until exec), listen (until the port accepts)."
        case .startFailures: "Starts that came to nothing, by cause."
        case .instanceCrashes: "Instances that ended though nobody asked them to, by cause."
        case .exhaustions:
            "Instances and commands that ran out of something, by cause: OOMKilled, PidsExhausted, DiskQuota."
        case .freezes: "Instances that were frozen for being idle."
        case .idleStops: "Instances that were stopped for being idle."
        case .requests:
            "Answers to requests of a function, by class of status: 2xx, 3xx, 4xx, 5xx; cut is no whole answer."
        case .requestsInFlight: "Requests that instances of a function are working on."
        case .queueDepth: "Requests that wait for an instance of a function."
        case .queueWaitSeconds: "How long requests waited that found no instance with room."
        case .refusals: "Answers of the gateway's own, by their code."
        case .clientConnections: "Open connections of clients."
        case .slots: "Network slots by state: free, used."
        case .nameQueries:
            "Queries of functions for names, by result: own (a name of the platform's), forwarded, failed (no server answered), refused."
        case .storeBytes: "Bytes of the database and its write-ahead log."
        case .storeWriteSeconds: "How long durable writes to the database took."
        case .storeWriteFailures: "Writes to the database that failed."
        case .logEntriesLost: "Entries of the daemon's own log that the journal had no room for."
        case .processCPU: "User and system time of the daemon, without instances."
        case .processMemory: "Resident memory of the daemon, without instances."
        case .processThreads: "Threads of the daemon."
        case .processOpenFiles: "Open file descriptors of the daemon."
        case .processFileLimit: "The limit of open file descriptors."
        case .processStart: "When the daemon was started, in Unix time."
        }
    }
}
