/// The names of the JSON that several commands share.
extension JSONFields {
    static let function: JSONFields =
        """
        applied createdAt generation inFlight instances.creating instances.draining instances.frozen instances.ready \
        instances.starting lastFailureCause? latestRevision mode name namespace revision scale source.rootfs status warnings
        """

    static let spec: JSONFields =
        """
        cgi command concurrency environment.* environment? limits.cpu? limits.disk? limits.memory? limits.pids? mode \
        network port \
        queueTimeout scale.freezeAfter scale.max scale.min scale.stopAfter scale.target secrets? startTimeout stopGrace \
        timeout volumes.name? volumes.path? configs?
        """

    static let revision: JSONFields =
        "createdAt name number rootfs source.rootfs state" + spec.inside("spec")

    static let failure: JSONFields =
        "at cause callID? exit.code? exit.reason? exit.signal? instance? log message phase"

    static let event: JSONFields =
        """
        at callID? cause? instance? kind message milliseconds? name namespace number revision? skipped?
        """

    static let plan: JSONFields =
        """
        functions.action functions.changes.field? functions.changes.from? functions.changes.to? functions.changes? \
        functions.name functions.namespace functions.revision functions.warnings problems removed
        """

    static let namespace: JSONFields =
        """
        createdAt defaults.cpu? defaults.disk? defaults.memory? defaults.pids? limits.cpu? limits.functions limits.instances? \
        limits.memory? name usage.cpu usage.functions usage.instances usage.memory
        """

    static let secret: JSONFields = "createdAt name namespace updatedAt usedBy"

    static let systemInfo: JSONFields =
        """
        activity.clientConnections activity.coldStarts.count activity.coldStarts.p50? activity.coldStarts.p99? \
        activity.cpuSeconds activity.crashes activity.failedRequests activity.failedStarts activity.freezes \
        activity.idleStops activity.memoryBytes activity.openFiles activity.requests activity.storeBytes \
        activity.thaws.count activity.thaws.p50? activity.thaws.p99? activity.waiting adminListen? architecture \
        cgroup.canFreeze cgroup.controllers cgroup.path? functions gateway instances.creating instances.draining \
        instances.frozen instances.ready instances.starting kernel pid rootless runDirectory slots.free slots.used \
        startedAt stateDirectory uptimeSeconds version
        """

    static let stats: JSONFields =
        """
        cpuPercent? stats.cpuMicroseconds? stats.inFlight stats.instance stats.memoryBytes? stats.memoryLimitBytes? \
        stats.name stats.namespace stats.pids? stats.readBytes? stats.receivedBytes? stats.revision stats.sentBytes? \
        stats.served stats.sources.cpu stats.sources.io stats.sources.memory stats.sources.pids stats.state \
        stats.throttledMicroseconds? stats.writtenBytes?
        """
}
