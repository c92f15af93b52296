import Domain
import Foundation
import JSON
import Logging

/// Writes each log line to standard error as a JSON object: `time`, `level`, `message`, and the metadata by name.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var writer = JSONWriter()
        writer.object { line in
            line.member("time", Timestamp.now().description)
            line.member("level", event.level.rawValue)
            line.member("message", "\(event.message)")
            let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
            for (name, value) in all.sorted(by: { $0.key < $1.key }) { line.member(name, "\(value)") }
        }
        FileHandle.standardError.write(Data(writer.bytes + [UInt8(ascii: "\n")]))
    }
}
