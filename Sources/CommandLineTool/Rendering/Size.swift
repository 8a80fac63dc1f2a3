/// Numbers of bytes as people read them: `312B`, `4.2Ki`, `17Mi`.
enum Size {
    static func text(_ bytes: UInt64) -> String {
        var value = Double(bytes)
        for unit in ["B", "Ki", "Mi", "Gi"] {
            if value < 1024 {
                let rounded =
                    unit == "B" || value >= 10 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
                return rounded + unit
            }
            value /= 1024
        }
        return "\((value * 10).rounded() / 10)Ti"
    }
}
