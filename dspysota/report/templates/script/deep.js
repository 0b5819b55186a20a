// A search in what was sent and what came back: block by block, since all of it has to be unpacked for that.

const BLOCKS_AT_ONCE = 8;

// Texts of a case that are its own; messages that other examples share would be found in all of them.
function ownTexts(detail) {
  const texts = [detail.question, detail.gold, detail.prediction, detail.error, ...detail.details.map(([, text]) => text)];
  for (const call of detail.calls) {
    for (const message of call.messages) if (Array.isArray(message)) texts.push(message[1]);
    texts.push(call.output, call.error);
  }
  return texts.filter((text) => text !== null).map(shown).join("\n").toLowerCase();
}

// Marks the cases that have all words, telling after every few blocks how many cases were searched; a new search ends
// the one before it.
function deepSearch(details, hasWords) {
  let newest = 0;

  return {
    stop: () => newest++,
    async search(words, marks, onProgress) {
      const mine = ++newest;
      const has = hasWords(words);
      for (let at = 0; at < details.firsts.length; at++) {
        const list = await details.passing(at);
        if (mine !== newest) return;
        list.forEach((detail, place) => {
          const one = details.firsts[at] + place;
          const text = ownTexts(detail);
          marks[one] = words.every((word, which) => has(one, which) || text.includes(word)) ? 1 : 0;
        });
        const done = at + 1 === details.firsts.length;
        if (done || at % BLOCKS_AT_ONCE === BLOCKS_AT_ONCE - 1) onProgress(details.firsts[at] + list.length, done);
      }
    },
  };
}
