import CanonicalJSON
import Crypto
import LiveAccount
import Synchronization

/// What the last lists of assets and locators said, as far as it tells whether an asset's files may have changed.
final class ListingMarks: Sendable {
  /// An asset as the list showed it.
  struct Asset: Sendable {
    let name: String
    let storageAccount: String?
    let container: String?
    /// Changes when the asset does, or a locator or track of it comes, goes or changes.
    var stamp: ObservationStamp

    /// - Parameters:
    ///   - item: the asset in the list.
    ///   - stamp: that of the asset by itself.
    init(name: String, item: JSONObject, stamp: ObservationStamp) {
      self.name = name
      storageAccount = item["properties"]?["storageAccountName"]?.stringValue
      container = item["properties"]?["container"]?.stringValue
      self.stamp = stamp
    }
  }

  private struct State {
    /// By name in UTF-8.
    var assets: [[UInt8]: Asset]?
    /// The sum of the marks of an asset's locators, by its name in UTF-8.
    var locators: [[UInt8]: SIMD4<UInt64>]?
    /// The sum of the marks of an asset's tracks, by its name in UTF-8: a track comes with its file.
    var tracks: [[UInt8]: SIMD4<UInt64>] = [:]
  }

  private let state = Mutex(State())

  /// Every asset, in any order; nil before both lists were read.
  var assets: [Asset]? {
    state.withLock { state in
      guard let assets = state.assets, let locators = state.locators else { return nil }
      return assets.map { name, asset in
        var asset = asset
        asset.stamp = ObservationStamp(
          asset.stamp.words &+ (locators[name] ?? .zero) &+ (state.tracks[name] ?? .zero))
        return asset
      }
    }
  }

  /// An asset of the last list; nil where it showed none of that name.
  func asset(_ name: String) -> Asset? {
    state.withLock { $0.assets?[Array(name.utf8)] }
  }

  /// Forgets an asset that changes.
  func forget(_ name: String) { state.withLock { _ = $0.assets?.removeValue(forKey: Array(name.utf8)) } }

  /// Keeps what a list of assets said.
  func note(assets: [Asset]) {
    let byName = Dictionary(assets.map { (Array($0.name.utf8), $0) }) { first, _ in first }
    state.withLock { $0.assets = byName }
  }

  /// Keeps what a list of locators said: the sum of the marks of an asset's, by its name in UTF-8.
  func note(locators: [[UInt8]: SIMD4<UInt64>]) {
    state.withLock { $0.locators = locators }
  }

  /// Keeps what the lists of tracks said: the sum of the marks of an asset's, by its name in UTF-8.
  func note(tracks: [[UInt8]: SIMD4<UInt64>]) {
    state.withLock { $0.tracks = tracks }
  }

  /// A mark of some bytes.
  static func stamp(of bytes: [UInt8]) -> ObservationStamp {
    let digest = Array(SHA256.hash(data: bytes))
    let words = (0..<4).map { word in
      digest[(word * 8)..<(word * 8 + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    return ObservationStamp(SIMD4(words[0], words[1], words[2], words[3]))
  }
}
