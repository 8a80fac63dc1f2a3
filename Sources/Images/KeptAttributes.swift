internal import Glibc
internal import LinuxSystem

/// The extended attributes that belong to content: file capabilities and the user's own. What an overlay notes about
/// its layers is not content, and would act if it were copied.
enum KeptAttributes {
    struct Attribute {
        let name: FileName
        let value: [UInt8]
    }

    private static let capability = Array("security.capability".utf8)
    private static let userPrefix = Array("user.".utf8)
    private static let overlayPrefix = Array("user.overlay.".utf8)

    static func read(_ file: borrowing ContentFile) throws(KernelError) -> [Attribute] {
        var attributes: [Attribute] = []
        for name in try file.attributeNames() where isKept(name) {
            attributes.append(Attribute(name: name, value: try file.attribute(name)))
        }
        return attributes
    }

    static func isKept(_ name: FileName) -> Bool {
        if name.bytes == capability { return true }
        return name.bytes.starts(with: userPrefix) && !name.bytes.starts(with: overlayPrefix)
    }

    /// A file capability needs privileges that a daemon with one id alone may lack; there it would grant nothing, since
    /// the container's root is the only user.
    static func write(
        _ attributes: [Attribute], to file: borrowing ContentFile, owners: OwnerPolicy
    ) throws(KernelError) {
        for attribute in attributes {
            do {
                try file.setAttribute(attribute.name, attribute.value)
            } catch  where owners == .own && attribute.name.bytes == capability && error.code == EPERM {
                continue
            }
        }
    }
}
