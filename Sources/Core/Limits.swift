/// Every bound of the system in one place: what it is, its unit, and why it has that value.
/// Values that a user can set have their range here; the default stands in `FunctionSpec`.
package enum Limits {
    // Names
    /// Characters of a function's or namespace's name: the DNS label's bound (RFC 1035, 2.3.4).
    package static let nameLength = 63

    // Input
    /// Bytes of an OCI `config.json`: ten times the largest that engines write; more is an attack or a mistake.
    package static let ociConfigBytes = 1 << 20
    /// Levels of objects and arrays in it: the specification needs seven.
    package static let ociConfigDepth = 32
    /// Bytes of a manifest: room for hundreds of functions.
    package static let manifestBytes = 4 << 20
    /// Functions, and aliases (`*name`), of one manifest.
    package static let manifestFunctions = 1000
    package static let manifestAliases = 10_000
    /// Bytes of a control request's JSON body.
    package static let controlBodyBytes = 4 << 20
    /// Open connections of the control socket: people and tools, not traffic.
    package static let controlConnections = 256
    /// How long a control connection may be silent between requests, or in the middle of an upload: a disk, or a link
    /// between two hosts, may stall for minutes.
    package static let controlIdleTimeout = Duration.seconds(600)
    /// Lines that one control request may ask of a log.
    package static let logQueryLines = 1_000_000
    /// Arguments, and environment variables, of a function.
    package static let arguments = 1024
    package static let environmentVariables = 1024
    /// Bytes of all arguments and environment together: half of what execve(2) takes by default.
    package static let argumentBytes = 1 << 20
    /// Mounts of a function beside the default ones.
    package static let mounts = 128
    /// Levels of directories in it: twice what package managers nest; each costs two descriptors while it is copied.
    package static let rootfsDepth = 100
    /// Imports and clean-ups that wait for the one that runs.
    package static let waitingImports = 64
    /// Bytes of a path inside a container: PATH_MAX without its NUL.
    package static let pathBytes = 4095
    /// Masked paths, and read-only paths, of a function: ten times what engines write.
    package static let hiddenPaths = 128
    /// Supplementary groups of a process.
    package static let additionalGroups = 256
    /// Ids of users and groups inside a container, 0 to 65535, as every distribution needs: each function's user namespace
    /// has so many.
    package static let containerIDs: UInt32 = 65_536
    /// Ranges of `containerIDs` ids of the host: so many lie between the default `uid-base` and `foreignIDs`.
    package static let idRanges = 4_094
    /// Where the ids begin that systemd has for files of other systems (UIDS-GIDS of systemd): no range reaches into them.
    package static let foreignIDs: UInt32 = 0x7FFE_0000
    /// Bytes of a host name: the kernel's HOST_NAME_MAX.
    package static let hostnameBytes = 64
    /// Rules, and system calls named by one rule, of a seccomp profile.
    package static let seccompRules = 1024
    package static let seccompNames = 1024
    /// Rules about devices of a container: each is some instructions of a program, of which 4096 always load.
    package static let deviceRules = 512
    /// Binds and devices of the host that one bundle may have: each is a descriptor that goes with its plan.
    package static let hostPaths = 64
    /// Parameters of linux.sysctl, and bytes of a name or value: far more than the kernel has for namespaces.
    package static let sysctls = 256
    package static let sysctlBytes = 256
    /// Processors that a list may name: the most that Linux is built for.
    package static let processors = 8192
    /// Files of one imported root filesystem, and their bytes: a whole distribution fits.
    package static let rootfsFiles = 1_000_000
    package static let rootfsBytes: Int64 = 64 << 30

    // Functions
    /// Functions on one host: each has ids of its own, of which there are `idRanges`; the rest is for those that drain.
    package static let functions = 4_000
    /// Revisions that are kept of one function.
    package static let revisionsKept = 10
    /// Instances of one function; `scale.max` must not be over it.
    package static let instancesPerFunction = 1000
    /// Instances on one host: the slots of a /16 subnet would allow more, memory would not.
    package static let instances = 4096
    /// Requests in flight per instance; `concurrency` must not be over it.
    package static let concurrency = 100_000
    /// Range of `timeout`, `queueTimeout`, `startTimeout`, `stopGrace`.
    package static let shortestTimeout = Duration.milliseconds(10)
    package static let longestTimeout = Duration.seconds(24 * 3600)

    /// Records of instances that are kept of one function, running ones first.
    package static let instanceRecordsKept = 50
    /// Bytes of the database: the limit of functions with ten revisions of usual size each.
    package static let databaseBytes = 4 << 30

    // Events
    /// Labels of a function, and annotations; bytes of a key and of a value.
    package static let metadataEntries = 64
    package static let metadataKeyBytes = 253
    package static let metadataValueBytes = 4096
    /// How often a loop says of one function at most that its instances are at their target.
    package static let crowdedInterval = Duration.milliseconds(10)
    /// Failed calls of a function that are told one by one, and seconds until one more may be.
    package static let failedCallsTold = 5
    package static let failedCallInterval = Duration.seconds(10)
    /// Events that are kept of all functions together: weeks of a quiet host, hours of a busy one.
    package static let eventsKept = 20_000
    /// Of these, those of freezing and thawing.
    package static let sleepEventsKept = 5_000
    /// Events that wait to be stored; what happens while so many wait is not remembered.
    package static let eventsUnsaved = 4096
    /// Bytes of an event's sentence; a longer one is cut.
    package static let eventMessageBytes = 1024
    /// Followers of events at once, and events that wait for one of them.
    package static let eventFollowers = 256
    package static let eventFollowerEntries = 1024

    /// Namespaces on one host, beside the default one.
    package static let namespaces = 1000

    // Secrets, volumes, configuration files
    /// Bytes of a secret's or volume's name: a file's name (NAME_MAX is 255), with room for what is put before it.
    package static let resourceNameLength = 128
    /// Bytes of one secret: keys, certificates and passwords, as Docker and Kubernetes bound them.
    package static let secretBytes = 512_000
    /// Secrets of one function, and of one host; the latter are kept in memory, encrypted.
    package static let secretsPerFunction = 64
    package static let secrets = 1000
    package static let allSecretBytes = 64 << 20
    /// Descriptors that go to torpor-init or torpor-stage with one message (TORPOR_DESCRIPTORS); the kernel takes 253.
    package static let planDescriptors = 128
    /// Volumes and configuration files of one function: each is a descriptor that goes to torpor-init with the plan.
    package static let volumesPerFunction = 8
    package static let configsPerFunction = 16
    /// Bytes of all configuration files of a function: they are part of its specification.
    package static let configBytes = 256 << 10
    /// Memory for the secrets and configuration files of all instances.
    package static let attachedFileBytes = ByteCount.mebibytes(512)
    /// Size of a tmpfs volume that names none.
    package static let tmpfsVolume = ByteCount.mebibytes(64)
    /// Host directories that `bind-volumes` may name.
    package static let bindDirectories = 64
    /// Volumes that `volume list` shows; files of all of them, and how long, until it tells sizes as "more than".
    package static let volumes = 10_000
    package static let measuredFiles = 200_000
    package static let measureTime = Duration.seconds(2)
    /// Levels of directories in a volume that is backed up, and bytes of a path in the archive: tar(1) unpacks by whole
    /// paths, which PATH_MAX bounds.
    package static let volumeDepth = 500
    package static let backupPathBytes = 4000

    // Gateway
    /// Bytes of a request's or response's head, as nginx's and Apache's defaults allow at most.
    package static let headBytes = 32 << 10
    /// Requests that wait for one function to wake or to have room.
    package static let waitersPerFunction = 1000
    /// Bytes of request body that are kept while a request waits: the client is not read further.
    package static let waitingBodyBytes = 64 << 10
    /// Open client connections of the gateway.
    package static let clientConnections = 16_384
    /// Of these, those that functions have: they cannot take all.
    package static let functionConnections = clientConnections / 2
    /// Connections that wait to be accepted, also while the daemon is restarted behind its socket unit: the kernel's
    /// net.core.somaxconn.
    package static let backlog: Int32 = 4096
    /// Kept idle connections to one instance, per event loop.
    package static let idleUpstreams = 64
    /// How long a client may take to send a request's head, and to be idle between requests.
    package static let headTimeout = Duration.seconds(30)
    package static let idleClientTimeout = Duration.seconds(75)
    /// How long neither side of an exchange in progress may move a byte before it is cut; streams send more often.
    package static let stalledBodyTimeout = Duration.seconds(300)
    /// How long a client may go on sending after an answer that came before its request had ended: long enough that
    /// the answer is read and not lost in a reset.
    package static let lingerTimeout = Duration.seconds(2)
    /// How long a request waits before it looks for an instance again after one refused its connection: the
    /// orchestrator needs less to find out that the instance died.
    package static let rerouteDelay = Duration.milliseconds(100)
    /// How long the platform may take to answer on one of its own paths, such as `/metrics`.
    package static let platformTimeout = Duration.seconds(30)
    /// The shortest time between two demands for the same function that departing requests make.
    package static let demandInterval = Duration.milliseconds(5)
    /// Instances that a request compares before it takes the least busy one: more cost time and gain little.
    package static let comparedInstances = 8

    // Instances
    /// Bytes of a plan that the daemon sends to torpor-init, and steps in it.
    /// Arguments and environment may be half of it (`argumentBytes`).
    package static let planBytes = 2 << 20
    package static let planSteps = 1024
    /// Threads that make containers: more would only wait for the same kernel locks.
    package static let launcherThreads = 2
    /// Bytes of a container's id in torpor-oci: a file's name (NAME_MAX).
    package static let containerIDBytes = 255
    /// How long a command of torpor-oci waits for another one that changes the same container.
    package static let containerLockTime = Duration.seconds(30)
    /// How long a killed process of a container may take to end.
    package static let containerKillTime = Duration.seconds(10)
    /// Containers that `torpor-oci list` looks at.
    package static let containersListed = 100_000
    /// Lines of an id map: the kernel's bound (user_namespaces(7)).
    package static let idMapLines = 340
    /// How long torpor-init may take from its birth to the function's exec: only a file system that hangs needs it.
    package static let launchTimeout = Duration.seconds(30)
    /// Root file systems that a launcher keeps open, id-mapped for a function, between launches; the oldest goes. To open
    /// one again costs some 30 µs.
    package static let openLayers = 256
    /// Default and highest number of open files of a function; raising it needs CAP_SYS_RESOURCE.
    package static let openFiles = 1024
    /// Default bound of an instance's processes where the host has the pids controller.
    package static let processes = 512
    /// Default size of an instance's writable layer (tmpfs), and the part of `limits.memory` that it may be: it is memory.
    package static let writableLayer = ByteCount.mebibytes(256)
    package static let writableShareOfMemory: Int64 = 2
    /// Bytes of a writable layer for which there may be one file.
    package static let writableBytesPerFile: Int64 = 1024
    /// How often a running instance is looked at for what it has run out of.
    package static let exhaustionInterval = Duration.seconds(3)
    /// How old the host's resolver configuration may be that a new instance gets.
    package static let resolverAge = Duration.seconds(5)
    /// How long a deploy waits for the instances of a removed function of the same name to end their requests.
    package static let removalWait = Duration.seconds(30)
    /// Ended instances that `describe` shows.
    package static let instancesShown = 20
    /// At the daemon's stop: how long requests in flight may take to end, and then instances; systemd's default
    /// TimeoutStopSec (90 s) leaves room for both.
    package static let requestShutdown = Duration.seconds(30)
    package static let instanceShutdown = Duration.seconds(15)
    /// Commands that run at once in one instance of mode `exec`: more would only wait for each other in its PID 1. A
    /// `concurrency` of 0 is this.
    package static let commandsPerInstance = 200
    /// Processes beside the main one that an instance is asked for at a time; what is above `commandsPerInstance` is for
    /// people. Entries of torpor-init's table (TORPOR_SPAWNED) less one.
    package static let processesPerInstance = 255
    /// Bytes of what one such process is started with: with its head it is one packet to torpor-init.
    package static let processStartBytes = 60 << 10
    /// Messages that wait for torpor-init to read: what it is asked for, and a signal to each.
    package static let waitingInitMessages = 2 * processesPerInstance
    /// Bytes of the variables that a request is told in: twice what browsers send, each header under two names.
    package static let requestEnvironmentBytes = 48 << 10
    /// Header lines of a request that becomes variables.
    package static let requestEnvironmentLines = 256
    /// How much and how long of a command's output is held back: what ends within both has its exit status told by the
    /// response's status, what goes on is streamed.
    package static let heldOutputBytes = 64 << 10
    package static let heldOutputTime = Duration.milliseconds(100)
    /// How long the output of a command that has ended is read on, where something it left behind holds it open.
    package static let outputGrace = Duration.milliseconds(200)
    /// Halves of `outputGrace` after which output that still comes from such a thing breaks the answer off: 10 s.
    package static let outputGraceRounds = 100
    /// How many starts of one function may fail in a row before the next waits (see `Scaling.Backoff`).
    package static let startFailuresBeforeBackoff = 3

    // Network
    /// Ports of one bridge, and so slots with egress: the kernel's BR_MAX_PORTS (1024), less what it keeps.
    package static let bridgePorts = 1000
    /// Ready slots that are kept ahead of demand at most: each costs the kernel about 300 KiB.
    package static let spareSlots = 64
    /// Rounds in which a used slot's sockets are destroyed before it is given up.
    package static let slotCleanings = 4
    /// Bytes of the host's firewall listing and of its resolv.conf that are looked at.
    package static let firewallListingBytes = 256 << 10
    package static let resolverFileBytes = 64 << 10
    /// Name servers in a function's resolv.conf: the C library reads three (MAXNS).
    package static let nameServers = 3

    // Names, as functions ask for them
    /// Bytes of a query: a head, a question, and EDNS with its cookie and padding; no resolver sends more.
    package static let nameQueryBytes = 1232
    /// Bytes of an answer in a datagram: what resolvers ask for at most. A longer one is asked for by TCP.
    package static let nameAnswerBytes = 4096
    /// Queries of all functions, and of one, that wait for the host's servers; each has a socket.
    package static let nameQueries = 1024
    package static let nameQueriesOfOne = 128
    /// Queries of one function per second, and at once, that the firewall lets through: more than it can have answered, and
    /// less than the service's socket has room for.
    package static let nameQueryRate = 1000
    package static let nameQueryBurst = 200
    /// Connections of all functions, and of one, to the name service, and how long one may be silent.
    package static let nameStreams = 128
    package static let nameStreamsOfOne = 16
    package static let nameStreamIdle = Duration.seconds(10)
    /// How long a server of the host's that was silent is asked after the others.
    package static let silentServerTime = Duration.seconds(30)

    /// Rules of one function's egress, and ports and ranges of one rule: each is looked at for each packet.
    package static let egressRules = 64
    package static let egressPorts = 32
    /// Connections that one instance has at most through the host (entries of its connection tracking, where UDP's
    /// stay half a minute and more); fewer where the host's table is small.
    package static let connectionsPerInstance = 1024
    /// Numbers of slots whose addresses the firewall is told at a time.
    package static let slotsPerAdmission: UInt32 = 64

    // People inside of instances: exec, cp, port-forward
    /// Connections of the attach socket, of which each is one session, and sessions of one function.
    package static let attachConnections = 256
    package static let attachedPerFunction = 64
    /// Bytes of a request on the attach socket: a command line with its variables (`processStartBytes`) as JSON, which
    /// writes a quote or a backslash in two. One packet, so less than net.core.wmem_default (208 KiB).
    package static let attachRequestBytes = 2 * processStartBytes + 4096
    /// How long a peer of the attach socket may take to send its request.
    package static let attachRequestTimeout = Duration.seconds(5)
    /// How long what was started may live on after the terminal or the client of it has gone (SIGHUP, then SIGKILL).
    package static let hangUpGrace = Duration.seconds(2)
    /// Bytes of a path that `torpor cp` is given, with its NUL (PATH_MAX), and of one part of it (NAME_MAX).
    package static let copyPathBytes = 4096
    package static let copyNameBytes = 255
    /// Bytes of what one side of `torpor cp` says of files that it does not copy; what comes later is dropped.
    package static let copyComplaintBytes = 64 << 10
    /// Bytes of an image's /etc/passwd and /etc/group.
    package static let userFileBytes = 1 << 20

    // Logs
    /// Bytes of one log file of an instance, and how many files are kept: the oldest is dropped.
    package static let logFileBytes = 4 << 20
    package static let logFiles = 2
    /// Bytes of one line; a longer one is split.
    package static let logLineBytes = 16 << 10
    /// Bytes that the collector takes of one pipe before it looks at the others: a pipe's default capacity.
    package static let logReadBytes = 64 << 10
    /// Bytes per second that one instance may log; beyond it its pipe fills and it waits.
    package static let logBytesPerSecond = 16 << 20
    /// Entries, and bytes of text, that a reader is given at once: what a query costs, however much it asks for.
    package static let logPageEntries = 1000
    package static let logPageBytes = 256 << 10
    /// How long the beginning of a line waits for its end.
    package static let logPartialLine = Duration.milliseconds(500)
    /// Entries that wait for one follower; one that is slower is told how many it missed.
    package static let logFollowerEntries = 4096
    /// Followers of logs at once.
    package static let logFollowers = 256
    /// Instances whose logs are kept after they are gone, per function.
    package static let logsKept = 5
    /// Lines of the log that a failure remembers.
    package static let failureLogLines = 20

    // torpor-oci
    /// Hooks of one kind; engines write one or two.
    package static let hooks = 64
    /// Seconds that a hook may run, whatever its timeout says, and when it says nothing.
    package static let hookSeconds = 3600
    /// Bytes of what a hook says that stand in the error when it fails: the last ones.
    package static let hookMessageBytes = 4096
}
