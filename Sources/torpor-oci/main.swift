internal import Glibc
internal import OCIRuntime

exit(OCIRuntimeTool.run(Array(CommandLine.arguments.dropFirst())))
