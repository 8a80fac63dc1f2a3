import Daemon

await TorpordCommand.main()
