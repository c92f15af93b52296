import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct ProfileFileTests {
    /// A temporary folder.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "hera-profiles-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func trained() throws -> ProfileSet { try SyntheticPanel.trainedPair.get() }

    @Test("profiles predict the same after they were written and loaded")
    func roundTrip() throws {
        try withFolder { folder in
            let profiles = try trained()
            try profiles.write(to: folder)
            let loaded = try ProfileSet.load(directory: folder)
            #expect(loaded.profiledModels == profiles.profiledModels)
            for prompt in ["How many apples are 1 and two apples?", "Prove convergence of pears.", "", "Ω≈ç√"] {
                let text = StepText(prompt: prompt)
                for model in profiles.profiledModels {
                    #expect(
                        loaded.predict(loaded.features(of: text), for: model)
                            == profiles.predict(profiles.features(of: text), for: model))
                }
            }
        }
    }

    @Test("a file that is cut anywhere is refused")
    func cut() throws {
        let bytes = ProfileFile.encode(.panel, try trained().panels[0].encoded())
        for length in [0, 7, 8, 23, 24, 100, bytes.count / 2, bytes.count - 1] {
            #expect(throws: EstimationError.self) { try decode(Array(bytes[..<length])) }
        }
        #expect(throws: EstimationError.self) { try decode(bytes + [0]) }
    }

    @Test("a file with one changed byte is refused", arguments: [0, 9, 13, 17, 21, 24, 40, 1000, 5000])
    func changed(place: Int) throws {
        var bytes = ProfileFile.encode(.panel, try trained().panels[0].encoded())
        bytes[place] ^= 0x10
        #expect(throws: EstimationError.self) { try decode(bytes) }
    }

    @Test("a file of another format version is refused as such with any content")
    func foreign() throws {
        var bytes = ProfileFile.encode(.panel, [1, 2, 3])
        bytes[8] = 9
        #expect(throws: EstimationError.foreignVersion(path: "x", found: 9, wanted: 1)) { try decode(bytes) }
    }

    @Test("a judge of another version is not asked, and decisions can say so; its panel predicts as before")
    func judge() throws {
        try withFolder { folder in
            let profiles = try trained()
            try profiles.write(to: folder)
            let text = StepText(prompt: "How many apples are 1 and two apples?")
            let shares = profiles.features(of: text).shares.step
            let nearest = try #require(shares.indices.max { shares[$0] < shares[$1] })
            let panel = profiles.panels[nearest].name
            var bytes = ProfileFile.encode(.answers, [1, 2, 3])
            bytes[8] = 9
            try ProfileFile.write(bytes, to: "\(folder)/\(panel)-answers.profile")
            let loaded = try ProfileSet.load(directory: folder)
            let model = try #require(profiles.profiledModels.first)
            let reading = loaded.read(text, models: [model])
            #expect(reading.judgeFault?.contains("the judge of \(panel) is of another version") == true)
            #expect(reading.prediction(of: model) == profiles.read(text, models: [model]).prediction(of: model))
            #expect(profiles.read(text, models: [model]).judgeFault == nil)
            // A damaged file is another matter.
            bytes[8] = 1
            bytes[bytes.count - 1] ^= 1
            try ProfileFile.write(bytes, to: "\(folder)/\(panel)-answers.profile")
            #expect(throws: EstimationError.self) { try ProfileSet.load(directory: folder) }
        }
    }

    @Test("a whole file whose tables lead out of each other is refused")
    func inconsistent() throws {
        var panel = try trained().panels[0]
        panel.baseRates.removeLast()
        let bytes = ProfileFile.encode(.panel, panel.encoded())
        #expect(throws: EstimationError.self) { try decode(bytes) }
    }

    @Test("a folder without profiles, or no folder at all, is an error that says what to do")
    func nothing() throws {
        try withFolder { folder in
            #expect(throws: EstimationError.noProfiles(directory: folder)) {
                _ = try ProfileSet.load(directory: folder)
            }
        }
        #expect(throws: EstimationError.self) { _ = try ProfileSet.load(directory: "/nowhere/at/all") }
    }

    private func decode(_ bytes: [UInt8]) throws {
        _ = try ProfileFile.decode(bytes, path: "x") { (_, reader) throws(ByteReader.Failure) in
            try PanelProfile(&reader)
        }
    }
}
