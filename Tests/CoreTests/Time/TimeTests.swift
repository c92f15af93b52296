import Core
import Testing

@Suite("Days and moments")
struct TimeTests {
    @Test("every day from 1900 to 2100 follows the one before, and reads back")
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

    @Test("a moment reads back to the millisecond")
    func moments() throws {
        let moment = try #require(Timestamp("2026-11-21T17:44:35.120Z"))
        #expect(moment.description == "2026-11-21T17:44:35.120Z")
        #expect(Timestamp("2026-11-21")?.description == "2026-11-21T00:00:00.000Z")
        #expect(Timestamp("1700000000")?.milliseconds == 1_700_000_000_000)
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp("2026-11-21T25:00:00Z") == nil)
    }
}
