import Core
import OCI
import OCIRuntime
import Testing

@Suite struct NamespaceChoiceTests {
    private func linux(_ namespaces: [OCIConfig.Namespace]) -> OCIConfig.Linux {
        var linux = OCIConfig.Linux()
        linux.namespaces = namespaces
        return linux
    }

    private func joined(_ kind: OCIConfig.NamespaceKind, _ path: String) -> OCIConfig.Namespace {
        var namespace = OCIConfig.Namespace(kind)
        namespace.path = path
        return namespace
    }

    @Test func newOnesAreBitsAndJoinedOnesPaths() throws {
        let choice = try NamespaceChoice(
            linux([.init(.pid), .init(.mount), joined(.network, "/run/netns/a")]))
        #expect(choice.new == [.pid, .mount])
        #expect(choice.new.rawValue == 0x2002_0000)
        #expect(choice.joined.map(\.path) == ["/run/netns/a"])
        #expect(choice.joined.map(\.place) == ["linux.namespaces[2].path"])
        #expect(choice.has(.network) && !choice.has(.uts) && !choice.hasOtherUsers)
        #expect(try NamespaceChoice(nil).new.isEmpty)
    }

    @Test func aUserNamespaceHasMaps() throws {
        var config = linux([.init(.user)])
        config.uidMappings = [
            .init(containerID: 0, hostID: 1000, size: 1), .init(containerID: 1, hostID: 100_000, size: 65536),
        ]
        config.gidMappings = [.init(containerID: 0, hostID: 1000, size: 1)]
        let choice = try NamespaceChoice(config)
        #expect(choice.userMap == "0 1000 1\n1 100000 65536\n")
        #expect(choice.groupMap == "0 1000 1\n")
        #expect(choice.hasOtherUsers)
    }

    @Test func aJoinedUserNamespaceIsKeptApart() throws {
        let choice = try NamespaceChoice(linux([joined(.user, "/proc/1/ns/user"), .init(.pid)]))
        #expect(choice.joined.isEmpty && choice.joinedUser?.path == "/proc/1/ns/user")
        #expect(choice.userMap == nil && choice.hasOtherUsers)
    }

    @Test func whatCannotBeIsNamed() {
        func path(_ linux: OCIConfig.Linux) -> String? {
            do { _ = try NamespaceChoice(linux) } catch { return error.path }
            return nil
        }
        #expect(path(linux([joined(.network, "relative")])) == "linux.namespaces[0].path")
        #expect(path(linux([.init(.user)])) == "linux.uidMappings")
        var config = linux([.init(.pid)])
        config.gidMappings = [.init(containerID: 0, hostID: 0, size: 1)]
        #expect(path(config) == "linux.gidMappings")
        config = linux([.init(.user)])
        config.uidMappings = (0...340).map { .init(containerID: $0, hostID: $0, size: 1) }
        #expect(path(config) == "linux.uidMappings")
    }
}
