import Daemon
import Foundation
import Testing

@Suite struct ConfigurationReferenceTests {
    private func document() throws -> String {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/configuration.md").standardized
        return try String(contentsOf: path, encoding: .utf8)
    }

    /// Made anew by `torpord --reference > docs/configuration.md`.
    @Test func `docs/configuration.md is what the program says`() throws {
        #expect(try document() == ConfigurationReference.text())
    }

    @Test func `Its example is a good configuration with every setting`() throws {
        let text = try #require(
            try document().split(separator: "```yaml\n").last?.split(separator: "```").first)
        let settings = try ConfigurationFile.parse(String(text), path: "example")
        #expect(Set(settings.keys) == Set(ConfigurationSetting.allCases))
    }
}
