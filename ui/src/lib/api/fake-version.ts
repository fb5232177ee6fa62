/** The version of the app whose page this is: vite.config.ts reads it where all of them are said. */
export const fakeVersion = import.meta.env.SOLTI_VERSION as string;
