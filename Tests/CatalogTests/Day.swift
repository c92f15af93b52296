import Domain
import Testing

/// The day on which tests read catalogs, whatever the clock says.
func testDay() throws -> CalendarDay {
    try #require(CalendarDay("2026-11-21"))
}
