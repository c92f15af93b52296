/// Writes numbers and arrays one behind the other, little-endian.
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

    /// An array: its count, then its elements as they lie in memory. All machines of the project are little-endian.
    mutating func put<Element: BitwiseCopyable>(_ values: [Element]) {
        put(values.count)
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}

/// Reads what a `ByteWriter` wrote, and never beyond the end.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// Where and why reading stopped; turned into an `EstimationError` by the caller, who knows the path.
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
