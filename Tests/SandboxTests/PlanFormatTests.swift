import Sandbox
import Testing

@Test func placeholderUntilBelow() { #expect(PlanFormat.stepBytes == 48) }
