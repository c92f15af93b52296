/// A place in a distributed trace, as HTTP headers carry it (W3C Trace Context, level 1).
package struct TraceContext: Hashable, Sendable {
    /// The trace's 16 bytes, the high ones first. Never all zero.
    package let traceID: (high: UInt64, low: UInt64)
    /// The span's 8 bytes. Never zero.
    package let spanID: UInt64
    /// Whether the caller records the trace.
    package let isSampled: Bool
    /// `tracestate` as it came; empty for none.
    package let state: String

    private init(traceID: (high: UInt64, low: UInt64), spanID: UInt64, isSampled: Bool, state: String) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// A new trace.
    package init(isSampled: Bool) {
        self.init(
            traceID: (.random(in: .min ... .max), .random(in: 1 ... .max)), spanID: .random(in: 1 ... .max),
            isSampled: isSampled, state: "")
    }

    /// Reads the headers; nil for what the standard calls invalid, as if there were none.
    package init?(traceparent: String, tracestate: String? = nil) {
        let text = Array(traceparent.utf8)
        // Later versions may add fields behind these.
        guard text.count >= Self.length, [2, 35, 52].allSatisfy({ text[$0] == UInt8(ascii: "-") }),
            let version = Self.number(text[0..<2]), version != 0xFF,
            text.count == Self.length || version > 0 && text[Self.length] == UInt8(ascii: "-"),
            let high = Self.number(text[3..<19]), let low = Self.number(text[19..<35]), high | low != 0,
            let span = Self.number(text[36..<52]), span != 0, let flags = Self.number(text[53..<55])
        else { return nil }
        let state = tracestate ?? ""
        self.init(
            traceID: (high, low), spanID: span, isSampled: flags & 1 == 1,
            state: state.utf8.count <= Self.longestState && Self.isPrintable(state) ? state : "")
    }

    /// The same trace in a span of its own.
    package func child() -> TraceContext {
        TraceContext(traceID: traceID, spanID: .random(in: 1 ... .max), isSampled: isSampled, state: state)
    }

    /// 32 hexadecimal digits.
    package var traceText: String { Self.hex(traceID.high) + Self.hex(traceID.low) }

    /// 16 hexadecimal digits.
    package var spanText: String { Self.hex(spanID) }

    /// The header `traceparent`.
    package var traceparent: String { "00-\(traceText)-\(spanText)-0\(isSampled ? 1 : 0)" }

    /// `traceparent`, and `tracestate` where there is one.
    package var headers: [(String, String)] {
        state.isEmpty ? [("traceparent", traceparent)] : [("traceparent", traceparent), ("tracestate", state)]
    }

    /// Bytes of a `traceparent` of version 00.
    private static let length = 55
    /// The standard asks for 512 at least.
    private static let longestState = 4096

    /// Only lower-case digits are valid.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }

    /// 16 hexadecimal digits of a span's number.
    package static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 }
    }
}

extension TraceContext {
    /// The same span of the same trace.
    package static func == (left: TraceContext, right: TraceContext) -> Bool {
        left.traceID == right.traceID && left.spanID == right.spanID && left.isSampled == right.isSampled
            && left.state == right.state
    }

    /// By the ids.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(traceID.low)
        hasher.combine(spanID)
    }
}
