import ControlAPI
import Core
import Foundation
import Glibc
import Testing

/// A manifest with every key, and what each makes of its function: as it is seen from inside where that can be.
struct ManyKeys {
    let torpor: Torpor
    let folder: String
    let shared: String

    init(_ torpor: Torpor, shared: String) throws {
        self.torpor = torpor
        self.shared = shared
        folder = try Scratch.makeDirectory("keys")
        try FileManager.default.copyItem(atPath: Programs.rootfs.get(), toPath: "\(folder)/rootfs")
        let bundle = try OCIBundle()
        try bundle.write()
        try FileManager.default.moveItem(atPath: bundle.path, toPath: "\(folder)/bundle")
        for (name, text) in [
            ("rootfs/etc/mark", "of the root filesystem"), ("app.env", "FROM_FILE=lines\nBOTH=file\n"),
            ("app.conf", "key = value\n"), ("torpor.yaml", manifest),
        ] { try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8) }
        try "of the host".write(toFile: "\(shared)/file", atomically: false, encoding: .utf8)
    }

    /// `wide` has no key that `narrow` is to differ by.
    private var manifest: String {
        """
        functions:
          web:
            namespace: team
            rootfs: ./rootfs
            command: [/bin/behave, --word]
            port: 8123
            environment: {GREETING: hi, BOTH: inline}
            environment_file: app.env
            limits: {disk: 8Mi}
            network: none
            timeout: 2s
            scale: {min: 2, freezeAfter: never, stopAfter: never}
            secrets: [token]
            volumes:
              - {name: data, path: /data}
              - {bind: \(shared), path: /shared, readOnly: true}
              - {tmpfs: 64Ki, path: /scratch}
              - short:/short
            configs:
              - {path: /etc/app.conf, file: ./app.conf, mode: "0400"}
              - {path: /etc/inline, content: inline}
            labels: {tier: web}
            annotations: {owner: me}
          walled: {bundle: ./bundle, network: {egress: ["203.0.113.0/24:443"]}, scale: {freezeAfter: never}}
          bundled: {bundle: ./bundle, scale: {stopAfter: 300ms, freezeAfter: 200ms}}
          freezes: {bundle: ./bundle, scale: {freezeAfter: 200ms, stopAfter: never}}
          serial: {bundle: ./bundle, concurrency: 1, scale: {max: 1, freezeAfter: never}}
          narrow:
            bundle: ./bundle
            concurrency: 1
            queueTimeout: 300ms
            scale: {max: 1, freezeAfter: never}
          grows: {bundle: ./bundle, concurrency: 1, scale: {max: 2, freezeAfter: never}}
          spreads: {bundle: ./bundle, scale: {max: 2, target: 1, freezeAfter: never}}
          stays: {bundle: ./bundle, environment: {IGNORE_TERM: "1"}, stopGrace: 300ms}
        """
    }

    /// How long a body takes.
    func time(_ body: () throws -> Void) rethrows -> Duration {
        try ContinuousClock().measure(body)
    }

    /// So many requests at once that take half a second each, and the most instances there are meanwhile.
    func instances(of name: String, under requests: Int) throws -> Int {
        let torpor = torpor
        let calls = (0..<requests).map { _ in
            Background { try torpor.get("/function/\(name)/sleep?ms=500").status }
        }
        var most = 0
        while !calls.allSatisfy(\.isOver) {
            most = max(most, try torpor.describe(name).instances.count)
            pause(.milliseconds(20))
        }
        #expect(try calls.map { try $0.wait() } == Array(repeating: 200, count: requests))
        return most
    }
}
