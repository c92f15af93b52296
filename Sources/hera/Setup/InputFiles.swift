import Catalog
import Domain
import Estimation
import Training

extension ProgressBar {
    /// Reads the rows of all files, one after the other, and shows which one is being read.
    ///
    /// - Parameter share: the completed share that the bar shows meanwhile.
    func rows<Row>(
        of paths: [String], at share: Double = 0, _ read: (String) throws(EstimationError) -> [Row]
    ) throws(EstimationError) -> [Row] {
        var rows: [Row] = []
        for path in paths {
            show(share, "reading \(path)")
            rows += try read(path)
        }
        return rows
    }
}

extension ScoreBook {
    /// Reads files of published scores. Where several know a name, the last one's entry stays.
    ///
    /// - Throws: `Exit` with every error of a file.
    static func read(_ paths: [String]) throws -> ScoreBook {
        var book = ScoreBook()
        for path in paths {
            do {
                book = book.merging(try ScoreFile.read(path: path).book)
            } catch {
                throw Exit(65, error.description)
            }
        }
        return book
    }
}
