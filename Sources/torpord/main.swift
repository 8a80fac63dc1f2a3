import Daemon

await TorpordCommand.start()
