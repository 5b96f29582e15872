/** The types of calls: what a path takes, and what it answers. */
import type { MaybeOptionalInit } from "openapi-fetch";
import type { FilterKeys, HttpMethod, MediaType, PathsWithMethod, SuccessResponse } from "openapi-typescript-helpers";
import type { paths } from "./openapi.js";

/** The paths that have a method. */
export type PathsWith<Method extends HttpMethod> = PathsWithMethod<paths, Method>;

/** What a call takes beside its path: parameters, body, headers, a signal. It may be left out where nothing is required. */
export type CallInit<Method extends HttpMethod, Path extends PathsWith<Method>> = MaybeOptionalInit<
  paths[Path],
  Method & keyof paths[Path]
>;

/** The same as the rest of a function's parameters. */
export type CallArguments<Method extends HttpMethod, Path extends PathsWith<Method>> =
  undefined extends CallInit<Method, Path>
    ? [init?: Exclude<CallInit<Method, Path>, undefined>]
    : [init: CallInit<Method, Path>];

type Operation<Method extends HttpMethod, Path extends PathsWith<Method>> = FilterKeys<paths[Path], Method>;

type Responses<T> = T extends { responses: infer R } ? (R extends Record<string | number, unknown> ? R : never) : never;

/** What a call that goes well answers; `undefined` for 204. */
export type Answer<Method extends HttpMethod, Path extends PathsWith<Method>> = SuccessResponse<
  Responses<Operation<Method, Path>>,
  MediaType
>;

/** The paths of lists that are read page by page. */
export type ListPaths = {
  [Path in PathsWith<"get">]: Answer<"get", Path> extends { items: unknown[]; nextCursor: string | null }
    ? Path
    : never;
}[PathsWith<"get">];

/** What such a list is made of. */
export type ListItem<Path extends ListPaths> = Answer<"get", Path> extends { items: (infer Item)[] } ? Item : never;
