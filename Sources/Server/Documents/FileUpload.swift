import Batches
import Calls
import Domain
import Hummingbird
import JSON
import Ledger
import Steps

/// A streamed upload: parses the form's fields and writes the file to the ledger in chunks.
struct FileUpload: Sendable {
    private enum Field: Sendable {
        case purpose, anchor, seconds, file, ignored
    }

    private static let maximumFieldBytes = 256
    private static let maximumNameLength = 255

    private let limits: ServiceLimits
    private let key: String?
    private let ledger: LedgerStore
    private var reader: MultipartReader
    private var field = Field.ignored
    private var text: [UInt8] = []
    private var writer: FileWriter?
    private var purpose: String?
    private var anchor: String?
    private var seconds: String?

    init(contentType: String, limits: ServiceLimits, key: String?, ledger: LedgerStore) throws {
        do {
            reader = try MultipartReader(contentType: contentType)
        } catch {
            throw FieldError("", error.description)
        }
        self.limits = limits
        self.key = key
        self.ledger = ledger
    }

    static func tooLarge(_ limits: ServiceLimits) -> HTTPError {
        HTTPError(
            .contentTooLarge,
            message: "the file is larger than \(limits.fileBytes) bytes: split it, or raise limits.file_bytes")
    }

    mutating func receive(_ bytes: [UInt8]) async throws {
        for event in try reader.feed(bytes) {
            switch event {
            case .part(let name, let fileName): try begin(name, fileName)
            case .content(let bytes): try await add(bytes)
            case .partEnd: try endPart()
            case .end: break
            }
        }
    }

    private mutating func begin(_ name: String, _ fileName: String?) throws {
        text = []
        switch name {
        case "file":
            guard writer == nil else { throw FieldError("file", "is there twice: send one") }
            field = .file
            let uploadName = fileName.flatMap { $0.isEmpty ? nil : $0 } ?? "upload.jsonl"
            writer = FileWriter(
                FileRecord(
                    id: Identifier.make("file"), purpose: "batch",
                    name: String(uploadName.prefix(Self.maximumNameLength)),
                    byteCount: 0, key: key, createdAt: .now()), in: ledger)
        case "purpose": field = .purpose
        case "expires_after[anchor]": field = .anchor
        case "expires_after[seconds]": field = .seconds
        default: field = .ignored
        }
    }

    private mutating func add(_ bytes: [UInt8]) async throws {
        switch field {
        case .file:
            guard let size = writer?.file.byteCount, size + Int64(bytes.count) <= Int64(limits.fileBytes) else {
                throw Self.tooLarge(limits)
            }
            try await writer?.write(bytes)
        case .purpose, .anchor, .seconds:
            guard text.count + bytes.count <= Self.maximumFieldBytes else {
                throw FieldError("", "a field of the form is longer than \(Self.maximumFieldBytes) bytes")
            }
            text += bytes
        case .ignored: break
        }
    }

    private mutating func endPart() throws {
        let value = String(decoding: text, as: UTF8.self)
        switch field {
        case .purpose:
            purpose = value
            try Self.check(purpose: value)
        case .anchor: anchor = value
        case .seconds: seconds = value
        case .file, .ignored: break
        }
    }

    private static func check(purpose: String?) throws {
        guard purpose == "batch" else {
            let problem = purpose.map { "is '\($0)'" } ?? "is missing"
            throw FieldError("purpose", "\(problem): it must be \"batch\"")
        }
    }

    /// Completes the upload and returns the file's record.
    mutating func finish() async throws -> FileRecord {
        try reader.finish()
        try Self.check(purpose: purpose)
        guard var file = writer?.file else {
            throw FieldError("file", "is missing: send it as a part of the form named \"file\"")
        }
        var life = limits.fileDays * 86_400
        if anchor != nil || seconds != nil {
            life =
                try FileLife(anchor: anchor, seconds: seconds.flatMap { Int($0) }, path: "expires_after").seconds
        }
        try await writer?.flush()
        file = writer?.file ?? file
        file.expiresAt = file.createdAt.advanced(bySeconds: life)
        try await ledger.write { [file] in try $0.completeFile(file.id, expiresAt: file.expiresAt) }
        return file
    }

    /// Deletes the chunks written so far.
    func discard() async { await writer?.discard() }
}
