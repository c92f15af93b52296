import JSON

/// A settings file with comments, as `hera init` writes it.
struct SettingsText {
    let goal: Goal
    let servers: [String]
    let database: String
    /// Nil where the environment has all keys.
    let keysFile: String?

    var yaml: String {
        var lines = [
            "# Settings of hera. Every line may be left out; `hera config check` checks the file.",
            "# The service reads policies, aliases and prices of energy again when this file changes.", "",
            "# What `model: \"hera\"` means: \(goal.title).",
            "# max_loss is the dial: the share of right answers that may be lost for less money.", goal.policy, "",
            "# Policies of your own; a request asks for one as `model: \"hera/careful\"`.", "policies:",
            "  careful: {max_loss: 0.002}", "  private: {placement: edge_only}", "",
            "# What clients with fixed model names get. Example:", "# aliases: {\"claude-*\": hera}", "",
            "# Prices of what your own hardware uses.",
            "# electricity: {usd_per_kwh: 0.30, gco2e_per_kwh: 380}", "",
        ]
        if servers.isEmpty {
            lines += ["# Local servers besides those at the usual ports.", "# servers: [\"http://10.0.0.5:8000\"]", ""]
        } else {
            lines += ["# Local servers besides those at the usual ports.", "servers:"]
            lines += servers.map { "  - \(Self.quoted($0))" } + [""]
        }
        lines += [
            "# Read at the start. Paths count from this file's folder.", "service:", "  host: 127.0.0.1",
            "  port: 8484", "  database: \(Self.quoted(database))",
            keysFile.map { "  keys_file: \(Self.quoted($0))" }
                ?? "  # keys_file: keys.env   # NAME=value a line, mode 600",
            "  # catalog: catalog      # a folder with entries of your own, laid over the shipped ones",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// JSON strings are YAML.
    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.element(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
