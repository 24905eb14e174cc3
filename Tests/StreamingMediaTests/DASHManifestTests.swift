import StreamingMedia
import Testing

@Suite struct DASHManifestTests {
  private func read(_ inner: String) -> DASHManifest? {
    DASHManifest(
      text: "<?xml version=\"1.0\"?>\n<!-- > -->\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'>\(inner)</MPD>\n"
    )
  }

  @Test func `templates are filled by number, time, id and bandwidth`() throws {
    let manifest = try #require(
      read(
        """
        <BaseURL>media/</BaseURL><Period><AdaptationSet>
          <SegmentTemplate initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Bandwidth$-$Number%04d$.m4s"
            startNumber="7"><SegmentTimeline><S t="10" d="4" r="1"/><S d="5"/></SegmentTimeline></SegmentTemplate>
          <Representation id="v&amp;1" bandwidth="900"/>
          <Representation id="v2"><SegmentTemplate media="t$$$Time$.m4s"/></Representation>
        </AdaptationSet></Period>
        """))
    #expect(
      manifest.representations[0].segments
        == ["media/v&1/900-0007.m4s", "media/v&1/900-0008.m4s", "media/v&1/900-0009.m4s"])
    #expect(manifest.representations[0].initialization == "media/v&1/init.mp4")
    #expect(manifest.representations[1].segments == ["media/t$10.m4s", "media/t$14.m4s", "media/t$18.m4s"])
  }

  @Test func `lists, whole files and templates without a timeline are known`() throws {
    let manifest = try #require(
      read(
        """
        <Period><AdaptationSet><Representation id="a"><SegmentList><Initialization sourceURL="i.mp4"/>
          <SegmentURL media="1.m4s"/><SegmentURL media='2.m4s'></SegmentURL></SegmentList></Representation>
          <Representation><BaseURL>whole.mp4</BaseURL></Representation>
          <Representation id="c"><SegmentTemplate media="c-$Number$.m4s" duration="4"/></Representation>
        </AdaptationSet></Period>
        """))
    #expect(manifest.representations.map(\.segments) == [["1.m4s", "2.m4s"], ["whole.mp4"], ["c-1.m4s"]])
    #expect(manifest.representations.map(\.initialization) == ["i.mp4", nil, nil])
  }

  @Test(arguments: [
    "", "<MPD>", "<MPD></Period></MPD>", "<html></html>", "<MPD><Period></MPD>", "no XML", "<MPD a='", "<!--",
    "<![CDATA[",
    String(repeating: "<MPD>", count: 100),
  ]) func `what is no manifest is none`(text: String) {
    #expect(DASHManifest(text: text) == nil)
  }

  @Test func `a repeat count beyond all bounds stays within them`() throws {
    let manifest = try #require(
      read(
        """
        <Period><AdaptationSet><Representation id="a"><SegmentTemplate media="$Time$">
        <SegmentTimeline><S t="0" d="9223372036854775807" r="9223372036854775807"/></SegmentTimeline>
        </SegmentTemplate></Representation></AdaptationSet></Period>
        """))
    #expect(manifest.representations[0].segments.count == 100_000)
  }
}
