/** Lists, page by page. */

/** A page of a list, as the API answers it. */
export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/**
 * All items of a list, read page by page as they are asked for. A page may be short, even empty, while
 * there are more.
 */
export async function* paginate<Item>(
  read: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined;
  do {
    const page: Page<Item> = await read(cursor);
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
