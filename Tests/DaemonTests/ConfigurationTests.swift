import ArgumentParser
import Core
import Daemon
import Testing

@Suite struct ConfigurationTests {
    private func parse(_ text: String) throws -> [ConfigurationSetting: String] {
        try ConfigurationFile.parse(text, path: "/etc/torpor/torpord.yaml")
    }

    private func problem(_ text: String) -> String? {
        do {
            _ = try parse(text)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func readsEverySetting() throws {
        // As the file says it, and as it is told again; none of them is the default.
        let written: [ConfigurationSetting: (yaml: String, text: String)] = [
            .stateDir: ("/srv/torpor", "/srv/torpor"), .runDir: ("/srv/run", "/srv/run"),
            .listen: ("\"[::1]:9090\"", "[::1]:9090"), .adminListen: ("127.0.0.1:9091", "127.0.0.1:9091"),
            .bridge: ("tp0", "tp0"), .subnet: ("10.9.0.0/20", "10.9.0.0/20"), .uidBase: ("200000", "200000"),
            .domain: ("example.org", "example.org"), .limits: ("besteffort", "besteffort"),
            .logLevel: ("debug", "debug"), .gatewayThreads: ("2", "2"),
            .bindVolumes: ("[/srv/a, /srv/b]", "/srv/a\n/srv/b"),
            .allow: ("{devices: [/dev/ttyUSB0], binds: [/srv/c]}", "binds /srv/c\ndevices /dev/ttyUSB0"),
        ]
        let lines = ConfigurationSetting.allCases.map {
            "\($0.rawValue): \(written[$0]?.yaml ?? "unwritten")\n"
        }
        let settings = try parse(lines.joined())
        var configuration = Configuration()
        for setting in ConfigurationSetting.allCases {
            let value = try #require(settings[setting], "\(setting)")
            try setting.apply(value, to: &configuration)
            #expect(setting.text(in: configuration) == written[setting]?.text)
            #expect(setting.text(in: Configuration()) != written[setting]?.text)
        }
        #expect(configuration.limits == .besteffort)
        #expect(configuration.listen == ListenAddress(host: "::1", port: 9090))
        #expect(configuration.databasePath == "/srv/torpor/torpor.db")
    }

    @Test func anEmptyFileIsFine() throws {
        #expect(try parse("").isEmpty)
        #expect(try parse("# nothing\n").isEmpty)
    }

    @Test(arguments: [
        ("lisen: 1", "torpord.yaml:1: lisen: is not a setting"),
        ("domain: a\nlisten: here", "torpord.yaml:2: listen: 'here' is not an address"),
        ("listen: [1, 2]", "listen: is not a single value"),
        ("limits: maybe", "strict, besteffort"),
        ("allow: [/srv]", "allow: is no map of lists"),
        ("allow: {devices: [/srv/x]}", "'/srv/x' is no path of a device"),
        ("allow: {ports: [/x]}", "is nothing to allow"),
        ("uid-base: -4", "uid-base: '-4' is out of range"),
        ("gateway-threads: 1000", "0 to 256"),
        ("state-dir: relative", "an absolute path"),
        ("state-dir: /", "an absolute path"),
        ("bridge: averyverylongname", "bridge: "),
        ("domain: Not_A_Domain", "DNS labels"),
        ("- a\n- b", "is not a map"),
        ("{{{", "is not YAML"),
        ("listen: 127.0.0.1:99999", "is not an address"),
        ("subnet: 10.0.0.1/8", "torpord.yaml:1: subnet: "),
    ])
    func namesFileKeyValueAndWhatIsAllowed(text: String, expected: String) throws {
        let message = try #require(problem(text))
        #expect(message.contains(expected))
        #expect(message.contains("/etc/torpor/torpord.yaml"))
    }

    @Test func theCommandLineWinsOverTheEnvironmentAndThatOverTheDefault() throws {
        let environment = [
            "TORPOR_LISTEN": "127.0.0.1:7000", "TORPOR_STATE_DIR": "/srv/a", "TORPOR_RUN_DIR": "/srv/r",
        ]
        let command = try TorpordCommand.parse(["--listen", "127.0.0.1:7001"])
        let configuration = try command.resolve(environment: environment)
        #expect(configuration.listen.port == 7001)
        #expect(configuration.stateDirectory == "/srv/a")
        #expect(configuration.runDirectory == "/srv/r")
        #expect(try command.resolve(environment: [:]).runDirectory == "/run/torpor")
        let named = try TorpordCommand.parse(["--run-dir", "/srv/s"])
        #expect(try named.resolve(environment: environment).runDirectory == "/srv/s")
    }

    @Test func aNamedFileMustExist() throws {
        let command = try TorpordCommand.parse(["--config", "/nonexistent/torpord.yaml"])
        #expect(throws: InvalidInput.self) { try command.resolve(environment: [:]) }
    }

    @Test func aBadVariableIsNamed() throws {
        let command = try TorpordCommand.parse([])
        #expect {
            try command.resolve(environment: ["TORPOR_LISTEN": "nowhere"])
        } throws: { "\($0)".contains("TORPOR_LISTEN") }
    }
}
