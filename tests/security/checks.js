/* What a page of a site may look like, whatever people wrote. `checks(document)` gives what is wrong with it, as text. */

(() => {
  const BODY_TAGS = new Set(("a abbr b blockquote br cite code dd del details div dl dt em h2 h3 h4 h5 h6 hr i ins kbd li mark ol p "
    + "pre q rp rt ruby s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var").split(" "));
  const BODY_CLASSES = /^(image|video|audio|footnote|footnote-back|footnotes|spoiler|md-h[1-6]|align-(left|right|center))$/;
  const BODY_ATTRIBUTES = new Set("href rel class id tabindex start title aria-label".split(" "));
  const FRAME_TAGS = new Set(("html head meta title link script body a header p nav ul li div main article h1 h2 h3 span bdi time "
    + "section ol details summary aside footer dl dt dd code label select option button input dialog kbd").split(" "));
  const FRAME_ATTRIBUTES = new Set(("lang dir charset name content http-equiv rel type href src defer class id tabindex "
    + "aria-label aria-labelledby aria-current aria-haspopup datetime title open start value role checked").split(" "));
  const LEAVING = new Set(["http:", "https:", "mailto:", "gemini:", "magnet:"]);
  const REL = "nofollow ugc noopener";

  const called = (element) => element.cloneNode(false).outerHTML.slice(0, 200);

  /* What holds for the parsed page, shown or not. `own`: how the addresses of the site begin. */
  const structure = (page, own, base) => {
    const problems = [];
    const expect = (holds, ...what) => { if (!holds) problems.push(what.join(" ")); };
    const count = (selector) => page.querySelectorAll(selector).length;
    const only = (selector, number = 1) => expect(count(selector) === number, count(selector), "×", selector);

    only("h1"); only("main"); only("title"); only("body"); only("head");
    only("body > header.site-header"); only("header"); only("nav.site-nav"); only("body > .columns > main#content");
    only("body > footer.site-footer"); only("footer"); only("script"); only("head > link[rel=stylesheet]", 2);
    only("head > link[rel=icon]"); only("head > meta[charset]"); only("head > meta[http-equiv='Content-Security-Policy']");
    expect(count("link[rel=canonical]") <= 1 && count("link") <= 4, "links in the head");
    expect(count("aside") <= 1 && count("aside") === count(".columns > aside.side"), "aside");
    expect(count("nav") === count(".site-nav, .orders, .pages"), "nav");
    expect(count("article") === count("article:is(.comment, .post, .post-line, .entry)"), "article");
    const kids = [...page.body.children].map((child) => child.localName).filter((name) => name !== "dialog").join(" ");
    expect(/^a (a )?header div footer$/.test(kids), "children of the body:", kids);
    for (const comment of page.querySelectorAll("article.comment")) {
      const shown = [...comment.children].map((child) => child.className.split(" ")[0]).join(" ");
      expect(/^who( meta)?( note)*( body)?( replies)?( missing)?$/.test(shown), "a comment is made of:", shown);
      expect(comment.parentElement.matches("ol.thread > li, .replies > ol > li"), "a comment out of its place:", comment.id);
    }

    const seen = new Set();
    for (const element of page.querySelectorAll("*")) {
      if (element === base) continue;
      const body = element.parentElement?.closest(".body");
      const [tags, attributes] = body ? [BODY_TAGS, BODY_ATTRIBUTES] : [FRAME_TAGS, FRAME_ATTRIBUTES];
      expect(tags.has(element.localName) && element.namespaceURI === "http://www.w3.org/1999/xhtml", "element:", called(element));
      for (const { name } of element.attributes)
        expect(attributes.has(name) || (element.localName === "script" && name.startsWith("data-"))
          || (element === page.documentElement && name === "data-scheme"), "attribute", name, "of", called(element));
      if (body) {
        for (const name of element.classList) expect(BODY_CLASSES.test(name), "class of", called(element));
        const comment = body.closest("article.comment");
        const prefix = comment ? comment.id + "-" : body.closest("aside, .side") ? "side-" : "p-";
        expect(!element.id || element.id.startsWith(prefix + "fn"), "id of", called(element));
        expect(!element.hasAttribute("tabindex") || element.tabIndex === 0, "tabindex of", called(element));
      }
      if (element.hasAttribute("id")) {
        expect(!seen.has(element.id), "id twice:", element.id);
        seen.add(element.id);
      }
      /* An address that the sanitiser cannot read is taken away; what stays is no link. */
      if (element.localName === "a" && (element.hasAttribute("href") || !body)) {
        /* ":" is the scheme of what the browser cannot read and does not follow. */
        const leaves = (LEAVING.has(element.protocol) && !element.href.startsWith(own)) || element.protocol === ":";
        expect(leaves || element.href.startsWith(own), "link:", called(element));
        expect(!leaves || element.rel === REL, "rel of", called(element));
        expect(!leaves || LEAVING.has(element.getAttribute("href")?.match(/^[a-z]*:/i)?.[0].toLowerCase()), "link:", called(element));
      } else if (element.hasAttribute("href") || element.hasAttribute("src")) {
        const address = element.href || element.src;
        expect(address.startsWith(own) || element.rel === "canonical", "address of", called(element));
      }
    }
    return problems;
  };

  /* Pages that are only parsed: what is wrong with each, by its path. */
  const parsed = (pages, own) => pages.flatMap(([path, text]) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const base = page.createElement("base");
    base.href = own + path;
    page.head.prepend(base);
    return structure(page, own, base).map((problem) => path + ": " + problem);
  });

  const LOOKS = ("color backgroundColor backgroundImage fontSize fontFamily fontWeight fontStyle display position visibility opacity "
    + "transform filter clipPath pointerEvents zIndex direction letterSpacing textIndent textTransform float zoom cursor overflowX "
    + "overflowY marginTop marginLeft paddingTop paddingLeft").split(" ");
  const look = (element) => {
    const style = getComputedStyle(element);
    return LOOKS.map((name) => style[name]).join("|");
  };
  const FRAME = "html, body, .site-header, .site-title, .site-title a, .site-nav, .site-nav a, .columns, main, .site-footer, "
    + ".site-footer p, h1, #comments, ol.thread, .captured";

  /* How the page's own parts look: the same on every page of a kind, whatever is written there. */
  const looks = () => {
    const found = {};
    document.querySelectorAll(FRAME).forEach((element, at) => { found[element.localName + "." + element.className + at] = look(element); });
    for (const selector of ["article.comment", ".who", ".who a", ".meta", "time", ".points", ".comment > .body"])
      found["every " + selector] = [...new Set([...document.querySelectorAll(".thread :is(" + selector + ")")].map(look))];
    return found;
  };

  /* Whether each part of the page's own can be reached by pointing at it. Scrolls through the page. */
  const covered = () => {
    const problems = [];
    /* What is off screen would be laid out too late for a script that does not wait. */
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".thread > li { content-visibility: visible !important; }");
    document.adoptedStyleSheets = [sheet];
    const parts = [...document.querySelectorAll(".site-title a, .site-nav a, .who a, .meta .points, .site-footer a")];
    const unseen = new Set(parts);
    for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight - 200) {
      scrollTo({ top, behavior: "instant" });
      for (const part of unseen) {
        const box = part.getClientRects()[0];
        if (!box || box.top < 0 || box.bottom > innerHeight) continue;
        unseen.delete(part);
        const there = document.elementFromPoint(box.left + Math.min(box.width, 40) / 2, box.top + box.height / 2);
        if (!part.contains(there)) problems.push(called(part) + " is covered by " + (there ? called(there) : "nothing"));
      }
    }
    scrollTo({ top: 0, behavior: "instant" });
    for (const part of unseen) problems.push(called(part) + " is nowhere");
    /* Nothing written by people leaves the flow. */
    for (const element of document.querySelectorAll(".body *")) {
      const style = getComputedStyle(element);
      if (style.position !== "static" || style.float !== "none" || style.transform !== "none" || style.zIndex !== "auto")
        problems.push("out of the flow: " + called(element));
    }
    return problems;
  };

  return { structure, parsed, looks, covered };
})()
