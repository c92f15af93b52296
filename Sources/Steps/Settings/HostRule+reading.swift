import Domain
import JSON
import Upstream

extension HostRule {
    /// Reads `hosts` of the settings: `{allow: [...]}` with names, addresses and ranges of addresses.
    init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(json, path: "hosts", known: ["allow"])
        let texts = try fields.strings("allow") ?? []
        do throws(HostRuleFault) {
            self = try HostRule(allowed: texts)
        } catch {
            throw FieldError(
                fields.path("allow"),
                "'\(error.text)' must be a name like tools.example.com or *.example.com, an address, or a range like "
                    + "10.0.0.0/8")
        }
    }
}
