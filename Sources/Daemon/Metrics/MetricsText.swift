internal import ControlAPI
internal import Core
internal import Gateway
internal import LinuxSystem
internal import NameService

/// A reading as `/metrics` shows it.
enum MetricsText {
    static func text(_ reading: DaemonReading) -> String {
        var output = PrometheusText()
        for metric in Metric.allCases {
            output.describe(metric)
            samples(of: metric, reading, &output)
        }
        return output.text
    }

    private static func samples(of metric: Metric, _ reading: DaemonReading, _ output: inout PrometheusText) {
        switch metric {
        case .buildInfo: output.sample(metric, TorporVersion.current, value: 1)
        case .functions: output.sample(metric, value: reading.functions)
        case .instances: instances(reading.instances, &output)
        case .startSeconds:
            output.sample(metric, "cold", durations: reading.coldStarts)
            output.sample(metric, "frozen", durations: reading.gateway.thaw)
        case .startPhaseSeconds:
            for phase in reading.phases { output.sample(metric, phase.name, durations: phase.times) }
        case .startFailures: causes(metric, reading.life.failedStarts, &output)
        case .instanceCrashes: causes(metric, reading.life.crashes, &output)
        case .exhaustions: causes(metric, reading.life.exhaustions, &output)
        case .freezes: output.sample(metric, value: reading.life.freezes)
        case .idleStops: output.sample(metric, value: reading.life.idleStops)
        case .requests, .requestsInFlight, .queueDepth: functions(metric, reading, &output)
        case .queueWaitSeconds: output.sample(metric, durations: reading.gateway.queueWait)
        case .refusals:
            for refusal in reading.gateway.refusals {
                output.sample(metric, refusal.code, value: refusal.count)
            }
        case .clientConnections: output.sample(metric, value: reading.gateway.clientConnections)
        case .slots:
            output.sample(metric, "free", value: reading.slots.free)
            output.sample(metric, "used", value: reading.slots.used)
        case .nameQueries:
            for query in reading.queries {
                output.sample(metric, query.result.rawValue, value: query.count)
            }
        case .storeBytes: output.sample(metric, value: reading.storeBytes)
        case .storeWriteSeconds: output.sample(metric, durations: reading.storeWrites)
        case .storeWriteFailures: output.sample(metric, value: reading.failedStoreWrites)
        case .logEntriesLost: output.sample(metric, value: reading.lostLogEntries)
        case .processCPU: output.sample(metric, value: reading.process.cpuSeconds)
        case .processMemory: output.sample(metric, value: reading.process.residentBytes)
        case .processThreads: output.sample(metric, value: reading.process.threads)
        case .processOpenFiles: output.sample(metric, value: reading.process.openFiles)
        case .processFileLimit: output.sample(metric, value: reading.process.openFileLimit)
        case .processStart: output.sample(metric, value: reading.startedAt.unixSeconds)
        }
    }

    private static func instances(_ counts: InstanceCounts, _ output: inout PrometheusText) {
        let states = [
            ("creating", counts.creating), ("starting", counts.starting), ("ready", counts.ready),
            ("frozen", counts.frozen), ("draining", counts.draining),
        ]
        for (state, count) in states { output.sample(.instances, state, value: count) }
    }

    private static func causes(
        _ metric: Metric, _ counts: [String: UInt64], _ output: inout PrometheusText
    ) {
        for (cause, count) in counts.sorted(by: { $0.key < $1.key }) {
            output.sample(metric, cause, value: count)
        }
    }

    private static func functions(
        _ metric: Metric, _ reading: DaemonReading, _ output: inout PrometheusText
    ) {
        if metric == .requestsInFlight {
            for load in reading.loads {
                output.sample(metric, load.key.name, "\(load.key.namespace)", value: load.inFlight)
            }
            return
        }
        for (key, traffic) in reading.gateway.functions {
            let (name, namespace) = (key.name, "\(key.namespace)")
            if metric == .queueDepth {
                output.sample(metric, name, namespace, value: traffic.waiting)
                continue
            }
            let classes = [
                ("2xx", traffic.success), ("3xx", traffic.redirect), ("4xx", traffic.clientError),
                ("5xx", traffic.serverError), ("cut", traffic.cut),
            ]
            for (label, count) in classes {
                output.sample(metric, name, namespace, label, value: count)
            }
        }
    }
}
