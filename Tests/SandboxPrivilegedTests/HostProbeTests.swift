import Core
import Sandbox
import Testing

@Suite(.enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct HostProbeTests {
    @Test func `A host that runs containers is found usable, and what is missing has a price and a cure`() {
        let probe = HostProbe(uidBase: 200_000, images: "/var")
        #expect(probe.findings.filter { !$0.isThere && $0.isEssential } == [])
        #expect(Set(probe.findings.map(\.name)).count == probe.findings.count)
        for finding in probe.findings {
            #expect(finding.isThere == finding.cost.isEmpty && finding.isThere == finding.remedy.isEmpty)
            #expect(!finding.detail.isEmpty)
        }
    }
}
