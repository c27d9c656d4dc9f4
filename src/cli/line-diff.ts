/** What differs between two texts: lines of the first with `-`, of the second with `+`, each with its number. */
export const lineDiff = (before: string, after: string): string[] => {
  const [old, young] = [before.split('\n'), after.split('\n')];
  const shared = longestShared(old, young);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  for (const [sharedOld, sharedYoung] of [...shared, [old.length, young.length] as const]) {
    for (; i < sharedOld; i += 1) lines.push(`${String(i + 1).padStart(5)} - ${old[i]}`);
    for (; j < sharedYoung; j += 1) lines.push(`${String(j + 1).padStart(5)} + ${young[j]}`);
    [i, j] = [sharedOld + 1, sharedYoung + 1];
  }
  return lines;
};

/** Indices of the longest common subsequence; what is equal at both ends is not searched. */
const longestShared = (a: readonly string[], b: readonly string[]): (readonly [number, number])[] => {
  const pairs: (readonly [number, number])[] = [];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) pairs.push([head, head++]);
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const [rows, columns] = [a.length - head - tail, b.length - head - tail];
  const lengths = Array.from({ length: rows + 1 }, () => new Array<number>(columns + 1).fill(0));
  for (let i = rows - 1; i >= 0; i -= 1)
    for (let j = columns - 1; j >= 0; j -= 1)
      lengths[i]![j] = a[head + i] === b[head + j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  for (let [i, j] = [0, 0]; i < rows && j < columns;) {
    if (a[head + i] === b[head + j]) pairs.push([head + i++, head + j++]);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i += 1;
    else j += 1;
  }
  for (let k = tail; k > 0; k -= 1) pairs.push([a.length - k, b.length - k]);
  return pairs;
};
