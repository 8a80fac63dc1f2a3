extension Schema {
    /// Secrets, volumes and configuration files.
    static let resources: [(name: String, schema: Schema)] = [
        (
            "Volume",
            .object([
                may("name", .string), may("bind", .string), may("tmpfs", .string), needs("path", .string),
                may("readOnly", .boolean),
            ])
        ),
        (
            "ConfigFile",
            .object([
                needs("path", .string), may("content", .string), may("base64", .string),
                may("mode", .string),
            ])
        ),
        (
            "NamespaceLimits",
            .object([
                may("functions", .integer), may("instances", .integer), may("memory", .string),
                may("cpu", .string),
            ])
        ),
        (
            "NamespaceRequest",
            .object([
                needs("name", .string), may("limits", .reference("NamespaceLimits")),
                may("defaults", .reference("LimitSpec")),
            ])
        ),
        ("NamespaceList", .object([needs("namespaces", .array(.reference("NamespaceView")))])),
        (
            "NamespaceView",
            .object([
                needs("name", .string), needs("limits", .reference("NamespaceLimits")),
                needs("defaults", .reference("LimitSpec")), needs("usage", .reference("NamespaceUsage")),
                may("createdAt", .time),
            ])
        ),
        (
            "NamespaceUsage",
            .object([
                needs("functions", .integer), needs("instances", .integer), needs("memory", .string),
                needs("cpu", .string),
            ])
        ),
        ("SecretList", .object([needs("secrets", .array(.reference("SecretView")))])),
        (
            "SecretView",
            .object([
                needs("name", .string), needs("namespace", .string), needs("createdAt", .time),
                needs("updatedAt", .time), needs("usedBy", .array(.string)),
            ])
        ),
        ("VolumeList", .object([needs("volumes", .array(.reference("VolumeView")))])),
        (
            "VolumeView",
            .object([
                needs("name", .string), needs("namespace", .string), needs("path", .string),
                needs("bytes", .integer), needs("moreThan", .boolean), needs("usedBy", .array(.string)),
            ])
        ),
    ]
}
