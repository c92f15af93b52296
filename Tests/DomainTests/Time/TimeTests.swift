import Domain
import Testing

@Suite("Days and timestamps")
struct TimeTests {
    @Test("every day from 1900 to 2100 follows the previous one and survives a round trip")
    func calendar() throws {
        var previous: CalendarDay?
        for number in -25_567..<47_482 {
            let day = CalendarDay(daysSinceEpoch: number)
            #expect(day.daysSinceEpoch == number)
            #expect(CalendarDay(day.description) == day)
            if let previous { #expect(previous < day) }
            previous = day
        }
        #expect(CalendarDay(daysSinceEpoch: 0).description == "1970-01-01")
        #expect(CalendarDay(daysSinceEpoch: 20_778).description == "2026-11-21")
    }

    @Test(
        "days that do not exist are refused",
        arguments: ["2025-02-29", "2026-13-01", "2026-1-1", "26-01-01", "", "2026-01-00"])
    func missingDays(text: String) {
        #expect(CalendarDay(text) == nil)
    }

    @Test("timestamps outside the years 1 to 9999 are refused as text and clamped in arithmetic")
    func range() {
        for text in ["9223372036854775807", "9223372036854775", "-9223372036854775808", "253402300800", "-62135596801"]
        {
            #expect(Timestamp(text) == nil, "\(text)")
        }
        #expect(Timestamp("253402300799")?.description == "9999-12-31T23:59:59.000Z")
        #expect(Timestamp("-62135596800")?.description == "0001-01-01T00:00:00.000Z")
        let now = Timestamp(milliseconds: 1_795_262_400_000)
        #expect(now.advanced(bySeconds: 1e300).description == "9999-12-31T23:59:59.999Z")
        #expect(now.advanced(bySeconds: -.infinity).description == "0001-01-01T00:00:00.000Z")
        #expect(now.advanced(bySeconds: 0.0015).milliseconds == 1_795_262_400_002)
    }

    @Test("a timestamp survives a round trip to the millisecond")
    func moments() throws {
        let moment = try #require(Timestamp("2026-11-21T17:44:35.120Z"))
        #expect(moment.description == "2026-11-21T17:44:35.120Z")
        #expect(Timestamp("2026-11-21")?.description == "2026-11-21T00:00:00.000Z")
        #expect(Timestamp("1700000000")?.milliseconds == 1_700_000_000_000)
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp("2026-11-21T25:00:00Z") == nil)
    }
}
