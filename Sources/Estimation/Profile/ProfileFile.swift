#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The container of every profile file.
///
/// Eight magic bytes, then format version, kind of content, length and CRC-32 of the content (32 bits each,
/// little-endian), then the content. A truncated, changed or foreign file is rejected before any number of it is used.
package enum ProfileFile {
    static let magic: [UInt8] = Array("HERAPROF".utf8)
    static let version = 1
    static let fileExtension = "profile"
    private static let headerBytes = 24

    /// The kind of content.
    enum Kind: Int {
        case panel = 1
        case gate = 2
        case runs = 3
        case memory = 4
        case answers = 5
        case derived = 6
        case speed = 7
        case live = 8
        case ability = 9
        case general = 10
        case dial = 12
        case episodes = 13
    }

    static func encode(_ kind: Kind, _ content: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(version)
        writer.put(kind.rawValue)
        writer.put(content.count)
        writer.put(content.withUnsafeBytes { DataFile.checksum($0) })
        return magic + writer.bytes + content
    }

    /// Validates a file and passes its kind and content to `body`.
    static func decode<Result>(
        _ bytes: [UInt8], path: String, _ body: (Kind, inout ByteReader) throws(ByteReader.Failure) -> Result
    ) throws(EstimationError) -> Result {
        guard bytes.count >= headerBytes else {
            throw .damagedProfile(path: path, reason: "it is shorter than its header")
        }
        guard bytes.starts(with: magic) else { throw .damagedProfile(path: path, reason: "it does not start as one") }
        let outcome: Swift.Result<Result, EstimationError> = bytes.withUnsafeBytes { raw in
            do throws(ByteReader.Failure) {
                var header = ByteReader(UnsafeRawBufferPointer(rebasing: raw[magic.count..<headerBytes]))
                let found = try header.integer()
                guard found == version else {
                    return .failure(.foreignVersion(path: path, found: found, wanted: version))
                }
                let kind = Kind(rawValue: try header.integer())
                let count = try header.integer()
                let checksum = try header.number(UInt32.self)
                guard let kind else { return .failure(.damagedProfile(path: path, reason: "its kind is unknown")) }
                let content = UnsafeRawBufferPointer(rebasing: raw[headerBytes...])
                guard content.count == count else {
                    return .failure(
                        .damagedProfile(path: path, reason: "\(content.count) bytes of content where \(count) belong"))
                }
                guard DataFile.checksum(content) == checksum else {
                    return .failure(.damagedProfile(path: path, reason: "its checksum is wrong"))
                }
                var reader = ByteReader(content)
                let result = try body(kind, &reader)
                guard reader.isAtEnd else {
                    return .failure(.damagedProfile(path: path, reason: "there is more in it than belongs"))
                }
                return .success(result)
            } catch {
                return .failure(.damagedProfile(path: path, reason: error.reason))
            }
        }
        return try outcome.get()
    }

    /// Writes a file atomically: a reader sees the old or the new content.
    package static func write(_ bytes: [UInt8], to path: String) throws(EstimationError) {
        let temporary = path + ".partial"
        errno = 0
        guard let file = fopen(temporary, "wb") else {
            throw .unwritable(path: temporary, reason: String(cString: strerror(errno)))
        }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count, rename(temporary, path) == 0 else {
            throw .unwritable(path: path, reason: String(cString: strerror(errno)))
        }
    }
}

/// Writes numbers and arrays sequentially, little-endian.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: Int) { put(UInt32(value)) }

    mutating func put<Number: FixedWidthInteger>(_ value: Number) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ value: Float) { put(value.bitPattern) }

    mutating func put(_ value: String) { put(Array(value.utf8)) }

    mutating func put(_ values: [String]) {
        put(values.count)
        for value in values { put(value) }
    }

    /// Writes an array: its count, then its elements as in memory. All supported machines are little-endian.
    mutating func put<Element: BitwiseCopyable>(_ values: [Element]) {
        put(values.count)
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}

/// Reads the output of a `ByteWriter`, with bounds checks.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// The position and reason of a failure. The caller knows the path and maps it to an `EstimationError`.
    struct Failure: Error {
        let reason: String
    }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func integer() throws(Failure) -> Int { Int(try number(UInt32.self)) }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) throws(Failure) -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - offset >= size else { throw Failure(reason: "it ends within a number") }
        defer { offset += size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    mutating func float() throws(Failure) -> Float { Float(bitPattern: try number(UInt32.self)) }

    mutating func string() throws(Failure) -> String { String(decoding: try array(UInt8.self), as: UTF8.self) }

    mutating func strings() throws(Failure) -> [String] {
        var values: [String] = []
        for _ in 0..<(try integer()) { values.append(try string()) }
        return values
    }

    mutating func array<Element: BitwiseCopyable>(_: Element.Type) throws(Failure) -> [Element] {
        let count = try integer()
        let size = count * MemoryLayout<Element>.stride
        guard bytes.count - offset >= size else { throw Failure(reason: "it ends within a table") }
        defer { offset += size }
        return [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + size)]))
            filled = count
        }
    }
}
