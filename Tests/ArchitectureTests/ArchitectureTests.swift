import Testing

/// The repository keeps what docs/architecture.md promises.
@Suite struct ArchitectureTests {
    @Test func everyModuleImportsOnlyWhatStandsBelowIt() {
        #expect(Repository.sources.count > 50, "the sources were not found below \(Repository.root)")
        #expect(Repository.sources.flatMap(ImportRules.violations) == [])
    }

    @Test func onlyLinuxSystemAndTheAdaptersMayCallC() {
        for (module, imports) in ImportRules.allowed where !imports.isDisjoint(with: ImportRules.cModules) {
            #expect(ImportRules.callersOfC.contains(module), "\(module) may not call C")
        }
    }

    @Test func theAllowedImportsHaveNoCycle() {
        var below: [String: Set<String>] = [:]
        func reach(_ module: String, _ path: [String]) -> Set<String> {
            if path.contains(module) {
                Issue.record("a cycle: \((path + [module]).joined(separator: " → "))")
                return []
            }
            if let known = below[module] { return known }
            let direct = ImportRules.allowed[module] ?? []
            let all = direct.reduce(into: direct) { $0.formUnion(reach($1, path + [module])) }
            below[module] = all
            return all
        }
        for module in ImportRules.allowed.keys { #expect(!reach(module, []).contains(module)) }
    }

    @Test func noSourceHasMoreThan400Lines() {
        for file in Repository.swift + Repository.c + Repository.shell {
            #expect(file.lineCount <= 400, "\(file.path) has \(file.lineCount) lines: split it by thought")
        }
        #expect(!Repository.c.isEmpty && !Repository.shell.isEmpty)
    }

    @Test func executablesAreThin() {
        for program in ["torpord", "torpor", "torpor-oci"] {
            let files = Repository.sources.filter { $0.module == program }
            #expect(!files.isEmpty)
            #expect(files.reduce(0) { $0 + $1.lineCount } <= 60, "\(program) is more than its wiring")
        }
    }

    @Test func initIsSmallEnoughToBeRead() {
        // kernel.c and kernel.h stand in for the C library, in all programs that have none.
        let files = Repository.c.filter { $0.module == "TorporInit" && !$0.path.contains("/kernel.") }
        #expect(!files.isEmpty)
        #expect(files.reduce(0) { $0 + $1.statementLines } < 1000)
    }

    @Test func bannedCallsStandInNoSource() {
        #expect(Repository.sources.flatMap(SourceRules.violations) == [])
    }

    @Test func nothingIsUnwrappedByForce() {
        #expect(Repository.sources.flatMap(SourceRules.forcedUnwraps) == [])
    }

    @Test func whatTheCompilerCannotCheckHasASafetyComment() {
        #expect(Repository.sources.flatMap(SourceRules.missingSafetyComments) == [])
    }

    @Test func onlyTheStoreSpeaksSQL() {
        #expect(Repository.sources.flatMap(SourceRules.sqlOutsideStore) == [])
    }
}
